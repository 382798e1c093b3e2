"""Valid inputs with a few mutations, tried in this process: what comes back must be a result or one UserError."""
