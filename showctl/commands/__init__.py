"""One module a subcommand: arguments(parser) and run(args) -> exit code. What is heavy is imported when it runs."""
