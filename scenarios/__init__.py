"""The world as data: venue, cameras, people, incidents, truth and events. Imports nothing else of ours."""
