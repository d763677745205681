"""The web process: Twilio's webhooks, the coordinators' console, the API, health and metrics."""
