"""An evaluation as one page that stands alone: no script, style or picture from elsewhere."""
