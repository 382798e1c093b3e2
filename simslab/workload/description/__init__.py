"""What a workload file may say."""
