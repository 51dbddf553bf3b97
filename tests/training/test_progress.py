import io

from npkpose.training.progress import progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_without_a_terminal_ten_lines_are_written():
    stream = io.StringIO()
    with progress(50, 0, stream) as bar:
        for step in range(1, 51):
            bar.show(step, 1 / step, 0.25 if step > 20 else -1.0)
    lines = stream.getvalue().splitlines()
    assert len(lines) == 10 and lines[0] == "step 5 of 50: loss 0.20000"
    assert lines[-1] == "step 50 of 50: loss 0.02000, best AP 0.250"


def test_on_a_terminal_a_bar_ends_at_the_last_step():
    stream = Terminal()
    with progress(4, 2, stream) as bar:
        bar.show(3, 0.5, -1.0)
        bar.show(4, 0.25, -1.0)
    assert "4" in stream.getvalue() and "0.25" in stream.getvalue()
