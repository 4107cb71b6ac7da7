"""Doctor: checks by running what a site, a host and the nodes of a cluster must give."""
