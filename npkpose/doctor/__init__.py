"""What is wrong with a file of keypoints, what it does to the score, and a mended copy.

    diagnose(annotations, results)    findings about a file of any format and skeleton
    Diagnosis.mend()                  a copy in which everything with one right value is mended

Read in this order:

    sheet.py            the instances of a file, as the checks see them
    instance_checks.py  what can be wrong with one instance, or with two of an image
    file_checks.py      what can be wrong with all of a file: frames and conventions
    pair_checks.py      are all results shifted against their annotations?
    image_checks.py     do the images exist, with the sizes that the file says?
    coco_files.py       COCO's lists, and the skeleton of the examined entries
    text_numbers.py     numbers that are text
    coco_mends.py       what is mended in COCO's JSON, and what is left for a human
    examine_coco.py     all findings about COCO's files; metrics.coco.examine finds those of entries
    labels_mends.py     what is mended in all other formats
    round_trip.py       does npkpose write back all that a file of them says?
    measure.py          AP with and without a finding's entries, or a mend
    diagnose.py         the two functions above
"""

from npkpose.doctor.diagnose import Diagnosis, Mended, diagnose

__all__ = ["Diagnosis", "Mended", "diagnose"]
