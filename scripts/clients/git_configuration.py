"""What git is told beside its arguments, so that it does the same for whoever runs it, wherever."""

from .process import Changes

ENVIRONMENT: Changes = {
    "LC_ALL": "C",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",  # what only looks does not write the user's index
    # A URL can name a helper that runs commands (`ext::`): these transports alone.
    "GIT_ALLOW_PROTOCOL": "file:git:http:https:ssh",
    # git sets these for its hooks; they would point our commands at another repository or index, or at other files.
    **dict.fromkeys(
        (
            "GIT_DIR",
            "GIT_WORK_TREE",
            "GIT_INDEX_FILE",
            "GIT_PREFIX",
            "GIT_COMMON_DIR",
            "GIT_NAMESPACE",
            "GIT_OBJECT_DIRECTORY",
            "GIT_SHALLOW_FILE",
            "GIT_GRAFT_FILE",
            "GIT_GLOB_PATHSPECS",
            "GIT_NOGLOB_PATHSPECS",
            "GIT_ICASE_PATHSPECS",
        )
    ),
}
# Hooks, signing, and what else is pushed or fetched, are for people's own commits; a background gc would outlive us.
SETTINGS = ("core.hooksPath=/dev/null", "gc.auto=0", "maintenance.auto=false", "core.quotePath=false",
            "i18n.commitEncoding=UTF-8", "i18n.logOutputEncoding=UTF-8", "trailer.separators=:", "tag.gpgSign=false",
            "push.gpgSign=false", "push.followTags=false", "push.pushOption=", "push.recurseSubmodules=no",
            "fetch.recurseSubmodules=no", "submodule.recurse=false")  # fmt: skip
COMMAND = ["git", *(word for setting in SETTINGS for word in ("-c", setting))]
