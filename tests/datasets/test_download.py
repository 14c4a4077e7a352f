from __future__ import annotations

import gzip
import hashlib
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from inkread.datasets.download import RemoteFile, cache_folder, fetch
from inkread.errors import ChecksumError, DownloadError, MissingExtraError, UsageError

# Random bytes do not compress: the container is about as long as the contents.
CONTENTS = np.random.default_rng(1).integers(0, 256, 300_000, dtype=np.uint8).tobytes()
CONTAINER = gzip.compress(CONTENTS, mtime=1)
FILE = RemoteFile("set.gz", len(CONTENTS), hashlib.sha256(CONTENTS).hexdigest())


def leftovers(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.endswith(".lock"))


def parts(folder: Path) -> list[Path]:
    return list(folder.glob("*.part"))


def test_a_file_is_fetched_whole(serve, tmp_path, capfd):
    site = serve(files={"/set.gz": CONTAINER})
    told = []
    path = fetch(FILE, [site.url], tmp_path / "cache", progress=lambda done, total: told.append((done, total)))
    assert path == tmp_path / "cache" / "set.gz"
    assert path.read_bytes() == CONTAINER
    assert leftovers(path.parent) == ["set.gz"]
    assert told[-1] == (len(CONTAINER), len(CONTAINER))
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    captured = capfd.readouterr()
    assert captured.out == captured.err == ""


def test_a_fetched_file_can_be_read_by_those_who_may_read_new_files(serve, tmp_path):
    site = serve(files={"/set.gz": CONTAINER})
    path = fetch(FILE, [site.url], tmp_path)
    plain = tmp_path / "plain"
    plain.touch()
    assert path.stat().st_mode == plain.stat().st_mode


def test_a_server_that_states_no_length(serve, tmp_path):
    site = serve(files={"/set.gz": CONTAINER}, with_length=False)
    told = []
    path = fetch(FILE, [site.url], tmp_path, progress=lambda done, total: told.append(total))
    assert path.read_bytes() == CONTAINER
    assert set(told) == {None}


def test_a_cut_is_continued_within_the_call_and_no_byte_comes_twice(serve, tmp_path):
    site = serve(files={"/set.gz": CONTAINER}, cut_after=100_000, cuts=2)
    told = []
    path = fetch(FILE, [site.url + "/"], tmp_path, progress=lambda done, total: told.append((done, total)))
    assert path.read_bytes() == CONTAINER
    assert site.ranges == [None, "bytes=100000-", "bytes=200000-"]
    assert site.sent == len(CONTAINER)
    assert told[-1] == (len(CONTAINER), len(CONTAINER))
    assert leftovers(tmp_path) == ["set.gz"]


def test_a_cut_is_continued_by_the_next_call(serve, tmp_path):
    site = serve(files={"/set.gz": CONTAINER}, cut_after=20_000, cuts=5)
    with pytest.raises(DownloadError, match=r"IncompleteRead|cut after"):
        fetch(FILE, [site.url], tmp_path)
    assert not (tmp_path / "set.gz").exists()
    (part,) = parts(tmp_path)
    assert part.read_bytes() == CONTAINER[:100_000]
    assert fetch(FILE, [site.url], tmp_path).read_bytes() == CONTAINER
    assert site.ranges[-1] == "bytes=100000-"
    assert site.sent == len(CONTAINER)
    assert leftovers(tmp_path) == ["set.gz"]


def test_a_server_that_ignores_range_starts_over(serve, tmp_path):
    site = serve(files={"/set.gz": CONTAINER}, cut_after=100_000, cuts=1, ignore_range=True)
    assert fetch(FILE, [site.url], tmp_path).read_bytes() == CONTAINER
    assert site.ranges == [None, "bytes=100000-"]
    assert site.sent == 100_000 + len(CONTAINER)


def test_a_server_that_answers_another_range_is_asked_anew(serve, tmp_path):
    site = serve(files={"/set.gz": CONTAINER}, cut_after=100_000, cuts=1, shift_range=5)
    assert fetch(FILE, [site.url], tmp_path).read_bytes() == CONTAINER
    assert site.ranges == [None, "bytes=100000-", None]


def test_what_was_kept_of_an_older_file_is_not_mixed_in(serve, tmp_path):
    site = serve(files={"/set.gz": bytes(len(CONTAINER))}, cut_after=20_000, cuts=5)
    with pytest.raises(DownloadError):
        fetch(FILE, [site.url], tmp_path)
    site.files["/set.gz"] = CONTAINER
    assert fetch(FILE, [site.url], tmp_path).read_bytes() == CONTAINER
    assert site.ranges[-2:] == ["bytes=100000-", None]


@pytest.mark.parametrize("kept", [CONTAINER, CONTAINER + b"more"])
def test_a_part_that_is_whole_or_too_long(serve, tmp_path, kept):
    site = serve(files={"/set.gz": CONTAINER}, cut_after=20_000, cuts=5)
    with pytest.raises(DownloadError):
        fetch(FILE, [site.url], tmp_path)
    parts(tmp_path)[0].write_bytes(kept)
    assert fetch(FILE, [site.url], tmp_path).read_bytes() == CONTAINER
    assert leftovers(tmp_path) == ["set.gz"]


def test_the_second_mirror_serves_what_the_first_has_not(serve, tmp_path):
    first, second = serve(), serve(files={"/set.gz": CONTAINER})
    assert fetch(FILE, [first.url, second.url], tmp_path).read_bytes() == CONTAINER
    assert first.paths == second.paths == ["/set.gz"]


def test_a_part_is_not_continued_by_another_mirror_as_containers_differ(serve, tmp_path):
    first = serve(files={"/set.gz": CONTAINER}, cut_after=20_000, cuts=99)
    other_container = gzip.compress(CONTENTS, compresslevel=1, mtime=2)
    second = serve(files={"/set.gz": other_container})
    assert fetch(FILE, [first.url, second.url], tmp_path).read_bytes() == other_container
    assert second.ranges == [None]
    assert leftovers(tmp_path) == ["set.gz"]


@pytest.mark.parametrize(
    "container", [gzip.compress(b"other", mtime=0), CONTAINER[:-20], b"<html>not here</html>", b""]
)
def test_wrong_contents_from_every_mirror(serve, tmp_path, container):
    site = serve(files={"/set.gz": container})
    with pytest.raises(ChecksumError) as caught:
        fetch(FILE, [site.url], tmp_path)
    assert FILE.sha256 in str(caught.value)
    assert "The mirror serves other contents" in str(caught.value)
    assert leftovers(tmp_path) == []


def test_wrong_contents_from_the_first_mirror_only(serve, tmp_path):
    first, second = serve(files={"/set.gz": gzip.compress(b"other")}), serve(files={"/set.gz": CONTAINER})
    assert fetch(FILE, [first.url, second.url], tmp_path).read_bytes() == CONTAINER


@pytest.mark.parametrize("with_length", [True, False])
def test_a_server_that_sends_without_end_is_stopped(serve, tmp_path, with_length):
    site = serve(files={"/set.gz": bytes(3_000_000)}, with_length=with_length)
    with pytest.raises(DownloadError, match=r"serves more than the \d+ bytes"):
        fetch(FILE, [site.url], tmp_path)
    assert leftovers(tmp_path) == []


def test_all_mirrors_failing_says_each_reason_and_what_to_do(serve, free_url, tmp_path):
    site = serve(statuses={"/set.gz": 503})
    with pytest.raises(DownloadError) as caught:
        fetch(FILE, [free_url, site.url], tmp_path)
    message = str(caught.value)
    assert "expected one of 2 mirrors" in message
    assert f"{free_url}/set.gz: Connection refused" in message
    assert f"{site.url}/set.gz: HTTP 503 Service Unavailable" in message
    assert "INKREAD_DATA" in message
    assert str(tmp_path) in message
    assert leftovers(tmp_path) == []


def test_a_folder_that_cannot_be_written(serve, tmp_path):
    site = serve(files={"/set.gz": CONTAINER})
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DownloadError, match=r"cannot be stored in .*INKREAD_CACHE") as caught:
        fetch(FILE, [site.url], tmp_path / "file" / "cache")
    assert str(tmp_path / "file" / "cache") in str(caught.value)
    assert site.paths == []


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="permissions do not bind this user")
def test_a_folder_without_permission(serve, tmp_path):
    site = serve(files={"/set.gz": CONTAINER})
    tmp_path.chmod(0o500)
    with pytest.raises(DownloadError, match="INKREAD_CACHE"):
        fetch(FILE, [site.url], tmp_path)


def test_two_at_once_fetch_it_once(serve, tmp_path):
    gate = threading.Event()
    site = serve(files={"/set.gz": CONTAINER}, before_body=lambda: gate.wait(10))
    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(fetch, FILE, [site.url], tmp_path) for _ in range(2)]
        gate.set()
        assert [result.result().read_bytes() == CONTAINER for result in both] == [True, True]
    assert site.paths == ["/set.gz"]


@pytest.mark.parametrize("url", ["http://example.org/mnist", "ftp://example.org", "file:///etc", "example.org"])
def test_a_mirror_must_be_https(url, tmp_path):
    with pytest.raises(UsageError, match="must have an https address; received"):
        fetch(FILE, [url], tmp_path)


def test_a_redirect_away_from_https_is_not_followed_to_the_end(serve, tmp_path, monkeypatch):
    site = serve(files={"/elsewhere": CONTAINER}, redirects={"/set.gz": "/elsewhere"})

    def only_first(url):
        if url.endswith("elsewhere"):
            raise UsageError("not https")

    monkeypatch.setattr("inkread.datasets.download._require_secure", only_first)
    with pytest.raises(DownloadError, match="redirects to an address that is not https"):
        fetch(FILE, [site.url], tmp_path)


def test_pooch_missing(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(MissingExtraError, match=r"Downloading data .*pooch is missing.*inkread\[train\]"):
        fetch(FILE, ["https://example.org"], tmp_path)


def test_an_interrupted_download_leaves_only_its_part(serve, tmp_path):
    site = serve(files={"/set.gz": CONTAINER})

    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(FILE, [site.url], tmp_path, progress=stop)
    (part,) = parts(tmp_path)
    assert leftovers(tmp_path) == [part.name]
    assert CONTAINER.startswith(part.read_bytes())
    assert fetch(FILE, [site.url], tmp_path).read_bytes() == CONTAINER
    assert site.ranges[-1] == f"bytes={65536}-"


def test_the_cache_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("INKREAD_CACHE", str(tmp_path / "named"))
    assert cache_folder() == tmp_path / "named"
    assert cache_folder(tmp_path / "given") == tmp_path / "given"
    monkeypatch.delenv("INKREAD_CACHE")
    assert cache_folder().name == "inkread" or "inkread" in cache_folder().parts
