"""Online meta-learning: tasks arrive one by one."""
