from npkpose.cli.main import main
from npkpose.models.pretrained import PRETRAINED


def test_every_network_is_listed(capsys):
    assert main(["models"]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in PRETRAINED) and "28,536,113" in out
