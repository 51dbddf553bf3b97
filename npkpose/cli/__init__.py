"""The command line: ``npkpose COMMAND``. One file per command.

Read in this order:

    main.py          the parser, and how errors are shown
    demo.py          learn keypoints and find people, in seconds
    predict.py       people in photographs and videos: the options; predict_network.py: the network
    predict_run.py   all sources, one after the other; predict_inputs.py: what the sources are
    predict_photos.py  each photo; predict_video.py: each frame of a video
    predict_files.py   the files that are written; predict_tracks.py: identities over time
    predict_heatmaps.py  the network's heatmaps over a photo
    drawing_options.py how people are drawn
    finder.py        the pipeline around a network; boxes.py: files of boxes, by photo
    photos.py        names and ids of photos, names of videos
    explain.py       one page that shows how people are found in a photograph
    models.py        the table of those networks
    eval.py          COCO's scores of results; doctor.py: what is wrong with COCO files
    onnx.py          the network in an ONNX file
    train.py         train the small networks
    convert.py       keypoints from one format or skeleton to another; skeletons.py: the skeletons
    track.py         identities in found people over time; track_files.py: their files
    draw.py          the people of a file on their photos or video
    lift.py          sequences of keypoints to poses in space; sequences.py reads them
    triangulate.py   keypoints of several cameras to points in space
    inputs.py        what the help texts of both say about files; found_people.py reads them
    warmup.py        compile every kernel
    terminal.py      texts that are safe to print
    unused.py        options that the others leave without effect
    report.py        --json and --quiet: what a command says on stdout
    compiling.py     a note while kernels compile, and a second process that compiles
"""
