"""Tell what a file is and whether it is fit to be kept: papers, pictures, PDF, DICOM, zips of them.

Files in, reasons out. Pure: runs in a child process. Imports enums and the sandbox. Begin with validation.py.
"""
