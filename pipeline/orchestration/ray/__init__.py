"""The service on Ray: deployments, actors and tasks."""
