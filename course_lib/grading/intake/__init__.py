"""What is handed out and what comes back: starters, and files whose owner and chapter have to be found out."""
