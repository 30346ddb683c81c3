"""`embodied merge`: the run folders of several machines put together into one."""
