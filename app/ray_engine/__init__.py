"""Models as deployments of Ray Serve: `cluster` starts them, `replicas` run there, `remote` is the page's side."""
