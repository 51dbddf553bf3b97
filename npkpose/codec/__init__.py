"""Keypoints to target maps (encode) and maps to keypoints (decode); knows no network."""
