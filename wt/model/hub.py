"""Weights on the model hub: whether they are here, what a download would take, and the download itself.

Nothing here asks the hub by itself: `look` and `fetch` are a person's explicit act. The cache, retries,
HF_TOKEN, HF_HUB_OFFLINE and HF_HOME are huggingface_hub's own.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from wt.errors import WtError
from wt.files import write_atomic

PREFIX = "hf://"


@dataclass(frozen=True, slots=True)
class Offer:
    """What the hub has."""

    size: int
    """Bytes."""
    commit: str
    is_here: bool


@dataclass(frozen=True, slots=True)
class HubFile:
    """One file of a repository of the hub."""

    repo: str
    """owner/name."""
    file: str = "model.pt"
    revision: str | None = None
    """Branch, tag or commit; None: the newest at the time of the download, and after it that one."""
    before: date | None = None
    """Without a revision: the newest commit of the days before this one (UTC)."""

    @classmethod
    def parse(cls, text: str) -> "HubFile":
        """Read hf://owner/name[@revision][/file].

        Raises:
            WtError: anything else.
        """
        owner, _, rest = text.removeprefix(PREFIX).partition("/")
        named, _, file = rest.partition("/")
        name, _, revision = named.partition("@")
        if not (text.startswith(PREFIX) and owner and name) or named.endswith("@"):
            raise WtError(f"{text!r} is no place on the hub. Write {PREFIX}owner/name[@revision][/file].")
        return cls(f"{owner}/{name}", file or "model.pt", revision or None)

    def __str__(self) -> str:
        at = f"@{self.revision}" if self.revision else ""
        pinned = f" before {self.before}" if self._pinned else ""
        return f"{PREFIX}{self.repo}{at}/{self.file}{pinned}"

    @property
    def _pinned(self) -> str | None:
        """The name under which the cache keeps the commit that a day stands for."""
        return None if self.revision or self.before is None else f"before-{self.before}"

    def cached(self) -> Path | None:
        """The file, if it was downloaded before; no request is made."""
        from huggingface_hub import try_to_load_from_cache

        with explained(self):
            found = try_to_load_from_cache(self.repo, self.file, revision=self._pinned or self.revision)
        return Path(found) if isinstance(found, str) else None

    def look(self) -> Offer:
        """Ask the hub.

        Raises:
            WtError: not there, not allowed, or not reached.
        """
        from huggingface_hub import hf_hub_download

        with explained(self):
            revision = self._commit_before(self.before) if self._pinned and self.before else self.revision
            found = hf_hub_download(self.repo, self.file, revision=revision, dry_run=True)
        return Offer(found.file_size or 0, found.commit_hash, found.is_cached)

    def fetch(self) -> Path:
        """Download, taking it up again when the line goes dead; its progress goes to standard error.

        Raises:
            WtError: as `look`, or not enough space.
        """
        from huggingface_hub import constants, hf_hub_download
        from huggingface_hub.file_download import repo_folder_name

        offer = self.look()
        cache = Path(constants.HF_HUB_CACHE)
        cache.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(cache).free
        if not offer.is_here and free < offer.size:
            raise WtError(
                f"{self} takes {offer.size / 1e9:.1f} GB but {free / 1e9:.1f} GB are free at {cache}. Make room, or "
                "set HF_HOME to another disk."
            )
        with explained(self):
            path = Path(hf_hub_download(self.repo, self.file, revision=offer.commit if self._pinned else self.revision))
        if self._pinned:
            # As the hub's library notes what a branch stands for, so that `cached` need not ask.
            write_atomic(cache / repo_folder_name(repo_id=self.repo, repo_type="model") / "refs" / self._pinned,
                         offer.commit.encode())  # fmt: skip
        return path

    def _commit_before(self, day: date) -> str:
        from huggingface_hub import HfApi

        commits = HfApi().list_repo_commits(self.repo)
        older = [commit for commit in commits if commit.created_at.date() < day]
        if not older:
            raise WtError(
                f"{self.repo} has no version from before {day}, of which this program knows how to run it. Name one "
                f"that you trust: {PREFIX}{self.repo}@REVISION."
            )
        return max(older, key=lambda commit: commit.created_at).commit_id


@contextmanager
def explained(what: HubFile) -> Iterator[None]:
    """Turns the hub's errors into sentences."""
    from huggingface_hub import errors

    try:
        yield
    except errors.GatedRepoError as error:
        raise WtError(
            f"{what.repo} asks for its terms to be accepted. Accept them on its page, then set HF_TOKEN."
        ) from error
    except errors.RepositoryNotFoundError as error:
        raise WtError(f"The hub has no {what.repo}, or it is private. Check the name, or set HF_TOKEN.") from error
    except errors.RevisionNotFoundError as error:
        raise WtError(f"{what.repo} has no revision {what.revision!r}. Check the part after @.") from error
    except errors.LocalEntryNotFoundError as error:
        raise WtError(f"The hub was not reached and {what} is not here. Check the network, then try again.") from error
    except errors.EntryNotFoundError as error:
        raise WtError(f"{what.repo} has no file {what.file}. Check the part after the repository.") from error
    except errors.HFValidationError as error:
        raise WtError(f"{what} is no place on the hub. Write {PREFIX}owner/name[@revision][/file].") from error
    except (errors.HfHubHTTPError, errors.OfflineModeIsEnabled, errors.HTTPError, ConnectionError) as error:
        reason = (str(error).splitlines() or ["no reason given"])[0]
        raise WtError(f"{what} could not be had from the hub ({reason}). Try again.") from error
