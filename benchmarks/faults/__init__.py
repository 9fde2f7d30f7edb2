"""What goes wrong with live cameras, done for real to a daemon that runs, and held against what is promised."""
