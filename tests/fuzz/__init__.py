"""A harness that calls everything public with generated arguments, and reads damaged files.

    python -m tests.fuzz --minutes 60 --seed 3            all functions and formats, in turn
    python -m tests.fuzz --cases 10000 --seed 3           as many inputs of each
    python -m tests.fuzz --only pck --seed 3 --case 17    one input again, as a finding prints it

Allowed are the right answer and a ValueError (TypeError for a plainly wrong type) that names the
argument or the file. Read in this order:

    public.py        the public functions, found in the packages
    draw.py          random valid values: arrays, poses, cameras, skeletons
    calls.py         valid arguments of each function; calls_*.py: those of a package
    hostile.py       wrong values for one argument, and other layouts of the same values
    judge.py         one call: which outcomes are allowed
    formats.py       small valid files, and the reader of each format; files_*.py write them
    mutate.py        damaged copies of a file
    read.py          one file: which outcomes are allowed, in which time and memory
    onnx_operators.py  files of one ONNX operator with odd inputs: a command of its own
    targets.py       functions and formats as one list
    worker.py        inputs in a child process, with a watchdog
    __main__.py      the command; test_fuzz.py: a short run in the suite
    known.py         findings that wait for a mend, listed in known.txt
    cases/           files that once were findings
"""
