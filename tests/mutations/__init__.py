"""Code broken on purpose, in many ways, each of which a test must notice."""

from .listed import MUTATIONS
from .mutation import Area, Mutation

__all__ = ["MUTATIONS", "Area", "Mutation"]
