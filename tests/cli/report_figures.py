# SPDX-License-Identifier: GPL-2.0
"""How people read a figure of the JSON report: in its text and on its page."""


def printed(key, value):
    """@key has the unit of @value, a number."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if key in ("duration_ns", "at_ns"):
        return "%d.%09d" % divmod(value, 10 ** 9)
    if key.endswith("_ns"):
        return "%d.%03d" % divmod(value, 1000)
    if key.endswith("_bytes"):
        return "%.3f" % (value / 1048576)
    if isinstance(value, float) or key.endswith(("percent", "per_page", "per_s", "seconds")):
        return "%.3f" % value
    return str(value)
