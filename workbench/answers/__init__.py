"""A process that answers what needs recipes or result libraries, for front ends without them."""
