"""What sprites are said to be: fine, or what went wrong."""

OK = "ok"
CONSTANT = "constant_output"
NO_GRADIENT = "no_gradient"
RECURRING = "recurring_loss"
LOW = "loss_under_minimum"
NOT_FINITE = "not_finite"
REFUSED = "refused"
SILENT = "silent"
PICTURED = (OK, SILENT)
"""With these a sprite has a picture."""

STATUSES = (OK, SILENT, CONSTANT, NO_GRADIENT, RECURRING, LOW, NOT_FINITE, REFUSED)
