"""The command line: ``npkpose COMMAND``. One file per command.

Read in this order:

    main.py          the parser, and how errors are shown
    demo.py          learn keypoints and find people, in seconds
    predict.py       people in photographs; predict_network.py: the network that its options mean
    predict_photos.py  each photo, and the files that are written; finder.py: people in an image
    photos.py        names and ids of photos; boxes.py: files of boxes, by photo
    models.py        the table of those networks
    eval.py          COCO's scores of results; doctor.py: what is wrong with COCO files
    onnx.py          the network in an ONNX file
    train.py         train the small networks
    lift.py          sequences of keypoints to poses in space; sequences.py reads them
    triangulate.py   keypoints of several cameras to points in space
    inputs.py        what the help texts of both say about files of keypoints
    warmup.py        compile every kernel
    terminal.py      texts that are safe to print
    compiling.py     a note while kernels compile, and a second process that compiles
"""
