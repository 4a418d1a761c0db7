"""The code that child processes inherit: the folder of this package stands on their PYTHONPATH, so that Python runs its
``sitecustomize`` when it starts."""
