"""Pull requests on Forgejo, whose API is Gitea's: https://forgejo.org/docs/latest/user/api-usage/."""

from .gitea import Gitea

FORGE = Gitea
