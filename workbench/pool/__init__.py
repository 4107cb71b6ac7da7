"""The pool: partitions, accelerators and jobs as the schedulers of a site show them."""
