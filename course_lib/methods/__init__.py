"""Methods: one file each, one `step` each; how a run is launched or saved is none of their business."""
