"""The routes by which requests are counted and timed."""

ROUTES = (
    "/predict",
    "/health",
    "/metrics",
    "/models",
    "/models/{name}",
    "/admin/reload",
    "/admin/rollback",
    "/audit",
    "/docs",
    "/openapi.json",
)
_MODEL = "/models/"


def route_of(path: str) -> str:
    """Template of a path; ``other`` where it is none of ours, so that labels stay few whatever is asked.

    >>> route_of("/models/ensemble"), route_of("/models/a/b"), route_of("/secret")
    ('/models/{name}', 'other', 'other')
    """
    if path in ROUTES:
        return path
    return "/models/{name}" if path.startswith(_MODEL) and "/" not in path[len(_MODEL) :] else "other"
