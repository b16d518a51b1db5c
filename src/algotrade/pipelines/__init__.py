"""The Kedro pipelines: thin nodes over the core, wired by names of the catalog."""
