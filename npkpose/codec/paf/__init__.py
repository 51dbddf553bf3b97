"""Part affinity fields: the keypoints of one person are joined along limbs, as in OpenPose.

A network gives one heatmap for each of K keypoints, and a field of two channels for each limb
type. Heatmaps say where keypoints are; fields say which of them belong together. On a limb from
keypoint a to keypoint b the field is the unit vector from a to b, elsewhere it is zero:

    F(p) = (b - a) / |b - a|   for pixels p near the limb
    E(a, b) = mean of F . (b - a) / |b - a| at points spaced evenly from a to b

E is near 1 if a and b are the two ends of one limb, and low for two ends of different people.
The whole method, without its thresholds:

    for k in range(K):
        peaks[k] = local maxima of heatmap k
    for limb, (k, l) in enumerate(skeleton.limbs):
        for a, b in all pairs of peaks[k] and peaks[l], by falling E(a, b):
            if neither a nor b has a limb of this type: connections.add(limb, a, b)
    people = one for each peak
    for limb, a, b in connections, by falling E(a, b):
        merge the people of a and of b, unless both have the same keypoint
    drop people of few keypoints or low score
    optionally, for each missing keypoint k of a person who has its neighbours j:
        x_k = argmax over pixels q of heatmap k at q + 0.3 mean_j E(x_j, q)

Read in this order:

    fields.py             keypoints -> fields, which a network learns; and the line integral E
    candidates.py         peaks -> candidate limbs, scored by E
    limbs.py              candidates -> connections
    assemble.py           connections -> people
    group.py              `group_paf`: heatmaps and fields -> `Poses`, all steps in order
    fill_missing.py       missing keypoints of a person, filled in
    nearest_baseline.py   grouping without fields, to compare with

Peaks are found in `codec.heatmap.peaks` and `codec.heatmap.merged_peaks`. Each file gives its
formula and its departures from Cao et al., "Realtime Multi-Person 2D Pose Estimation using Part
Affinity Fields", CVPR 2017, arXiv:1611.08050.
"""
