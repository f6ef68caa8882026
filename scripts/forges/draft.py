"""Forges that have no field for it know a draft by the beginning of its title.

https://docs.gitlab.com/user/project/merge_requests/drafts/, https://docs.gitea.com/usage/pull-request
"""

import re

MARKS = re.compile(r"^(\s*(\[(draft|wip)\]|\(draft\)|(draft|wip):))+\s*", re.IGNORECASE)


def unmarked(title: str) -> str:
    return MARKS.sub("", title)
