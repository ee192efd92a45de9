"""A backup is one file; with it and its passphrase a wiped shop is back, and nothing less is."""

import gzip
import json
import os
import re
import shutil
import stat
import subprocess
import zlib

from stack import ROOT, Buyer, until
from test_keys import buy, shown_again

PASSPHRASE = "три коні і верба"
HEAD = 64


def backup(shop, path, passphrase=PASSPHRASE):
    return shop.kartka("backup", path, "--passphrase-stdin", stdin=passphrase + "\n")


def restore(shop, path, *options, passphrase=PASSPHRASE, **settings):
    """With the settings of the environment only: nothing is left of the old shop."""
    return subprocess.run(
        [shop.bin / "kartka", "restore", path, "--passphrase-stdin", *options],
        cwd=ROOT, env={**shop.env, **settings}, input=passphrase + "\n", text=True,
        capture_output=True, timeout=120)


def dump_of(path):
    """What is in clear text in it, by hand."""
    return zlib.decompressobj(wbits=31).decompress(path.read_bytes()[HEAD:])


def wipe(shop):
    shutil.rmtree(shop.var)
    shop.var.mkdir(mode=0o755)


def secrets_of(shop):
    return json.loads((shop.var / "secrets.json").read_text())


def test_backup_and_restore(own_shop, tmp_path):
    shop = own_shop
    codes = shop.catalogue("b", codes=5)
    buyer = buy(shop, "b")
    shop.kartka("admin", "add", "olena", "--role", "owner", "--password-stdin",
                stdin="correct horse battery\n")
    assert "never made" in shop.kartka("status").stdout
    path = tmp_path / "shop.backup"
    backup(shop, path)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["shop.backup"]
    held = path.read_bytes() + dump_of(path)
    assert b"Dump completed" in held and b"INSERT INTO `orders`" in held
    secrets = secrets_of(shop)
    for word in codes + [PASSPHRASE] + re.split("[:,]", secrets["CODE_KEYS"])[1::2] + [
            secrets[name] for name in ("DATA_KEY", "FINGERPRINT_KEY", "DB_PASSWORD")]:
        assert word.encode() not in held
        assert word.encode().hex().upper().encode() not in held
    assert re.search(r"newest backup +0 min old", shop.kartka("status").stdout)

    refused = restore(shop, path, "--replace")
    assert refused.returncode == 1 and "in use by another run" in refused.stderr
    after = buy(shop, "b").codes()  # the backup does not know of this one
    shop.stop()
    refused = restore(shop, path)
    assert refused.returncode == 1 and "is not empty" in refused.stderr

    wipe(shop)
    done = restore(shop, path)
    assert done.returncode == 0, done.stdout + done.stderr + (shop.var / "db.log").read_text()
    assert "invariants hold" in done.stdout and "restored, as it was 0 min ago" in done.stdout
    made = secrets_of(shop)
    assert {name: made[name] for name in made if name != "DB_PASSWORD"} == {
        name: secrets[name] for name in secrets if name != "DB_PASSWORD"}
    assert shop.processes("mariadbd") == []

    shop.start()
    again = Buyer(shop, shop.api("POST", "/api/users", {
        "id": buyer.id, "first_name": "Оксана", "language_code": "uk"}))
    again.say("/start")
    until(again.last, what="the menu")
    assert shown_again(shop, again) == codes[0]
    assert buy(shop, "b").codes() == after  # that is what restoring means
    assert "olena" in shop.kartka("admin", "list").stdout
    assert shop.sql("SELECT COUNT(*) FROM audit WHERE action = 'restore'") == [["1"]]

    # Over what is there, and the newest backup is as old as what was restored.
    shop.stop()
    done = restore(shop, path, "--replace")
    assert done.returncode == 0, done.stdout + done.stderr
    shop.start()
    assert "never made" not in shop.kartka("status").stdout
    assert shop.sql("SELECT COUNT(*) FROM orders") == [["1"]]


def test_files_that_are_not_what_they_were(own_shop, tmp_path):
    """One clear line, exit 1, nothing changed."""
    shop = own_shop
    path = tmp_path / "good"
    backup(shop, path)
    good = path.read_bytes()
    shop.stop()
    wipe(shop)

    def altered(at):
        return good[:at] + bytes([good[at] ^ 1]) + good[at + 1:]

    bad = {
        "cut": good[:-1],
        "cut in the dump": good[:len(good) // 2],
        "cut in the head": good[:40],
        "longer": good + b"x",
        "empty": b"",
        "another file": b"PK" + good[2:],
        "salt": altered(25),
        "length": altered(43),
        "dump": altered(HEAD + 100),
        "tag": altered(len(good) - 1),
    }
    for name, content in bad.items():
        file = tmp_path / "bad"
        file.write_bytes(content)
        refused = restore(shop, file)
        assert refused.returncode == 1, name
        assert refused.stderr.count("\n") == 1 and str(file) in refused.stderr, (name, refused.stderr)
        assert refused.stdout == "", name
        assert os.listdir(shop.var) == [], name
    refused = restore(shop, path, passphrase=PASSPHRASE + "!")
    assert refused.returncode == 1 and "passphrase" in refused.stderr
    refused = restore(shop, tmp_path / "none")
    assert refused.returncode == 1 and "No such file" in refused.stderr
    done = restore(shop, path, "--dry-run")
    assert done.returncode == 0 and "is whole, 0 min old" in done.stdout
    # Keys that are given elsewhere and are not the backup's.
    refused = restore(shop, path, CODE_KEYS="1:" + "ab" * 32)
    assert refused.returncode == 1 and refused.stderr.startswith("kartka restore: CODE_KEYS")
    assert os.listdir(shop.var) == []

    shown = dict(line.split("=", 1) for line in restore(shop, path, "--secrets").stdout.split())
    assert set(shown) == {"WEBHOOK_SECRET", "CODE_KEYS", "FINGERPRINT_KEY", "DATA_KEY"}
    assert os.listdir(shop.var) == []
    # With them in the environment, and a further key, the restore goes through.
    shown["CODE_KEYS"] = "9:" + "cd" * 32 + "," + shown["CODE_KEYS"]
    done = restore(shop, path, **shown)
    assert done.returncode == 0, done.stdout + done.stderr
    wipe(shop)
    # As a script may have it: the passphrase is simply there.
    done = subprocess.run([shop.bin / "kartka", "restore", path], cwd=ROOT, text=True, capture_output=True,
                          env={**shop.env, "KARTKA_BACKUP_PASSPHRASE": PASSPHRASE})
    assert done.returncode == 0, done.stdout + done.stderr
    shop.start()
    shop.kartka("backup", tmp_path / "piped", stdin=PASSPHRASE + "\n")
    assert restore(shop, tmp_path / "piped", "--dry-run").returncode == 0


def test_backup_that_can_not_be(own_shop, tmp_path):
    shop = own_shop
    for path, passphrase, words in (
            (tmp_path / "no" / "where", PASSPHRASE, "No such file"),
            (tmp_path / "file", "short", "12 to 128 characters"),
            (tmp_path / "file", "", "12 to 128 characters")):
        refused = shop.kartka("backup", path, "--passphrase-stdin", stdin=passphrase + "\n", check=False)
        assert refused.returncode == 1 and words in refused.stderr, refused.stderr
    refused = shop.kartka("backup", tmp_path / "file", check=False)
    assert refused.returncode == 1 and "KARTKA_BACKUP_PASSPHRASE" in refused.stderr
    # A dump that fails leaves what was there before.
    (tmp_path / "file").write_text("the old one")
    shop.sql("CREATE VIEW broken AS SELECT id FROM users")
    shop.sql("RENAME TABLE faq_entries TO faq_gone")
    shop.sql("CREATE VIEW faq_view AS SELECT id FROM faq_gone")
    shop.sql("RENAME TABLE faq_gone TO faq_entries")
    refused = shop.kartka("backup", tmp_path / "file", "--passphrase-stdin",
                          stdin=PASSPHRASE + "\n", check=False)
    shop.sql("DROP VIEW broken, faq_view")
    assert refused.returncode == 1 and "can't be copied" in refused.stderr, refused.stderr
    assert (tmp_path / "file").read_text() == "the old one"
    assert os.listdir(tmp_path) == ["file"]
    # Also while the shop does not run: the private database is started for it.
    shop.stop()
    done = shop.kartka("backup", tmp_path / "file", "--passphrase-stdin", stdin=PASSPHRASE + "\n")
    assert "keep the passphrase elsewhere" in done.stdout
    assert gzip.compress(b"")[:2] == (tmp_path / "file").read_bytes()[HEAD:HEAD + 2]
    assert shop.processes("mariadbd") == []
    shop.start()
