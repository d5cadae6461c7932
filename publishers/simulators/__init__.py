"""Local servers that speak the real protocols of Mastodon and Bluesky, keep real state and fail on demand.

They are an independent reading of the two protocols: nothing here imports an adapter, so that an adapter's
misreading of the documentation shows up as a failing call instead of being shared by both sides.
"""
