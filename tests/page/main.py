"""Looks at the pages in a headless Chromium: tests/page/main.py [TEXT]

Runs each *_test.py in this folder, or those tests with the text in their names. The last line is
"N passed, M failed", as with all tests of the project.
"""
import os
import sys
import unittest

sys.dont_write_bytecode = True
here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, here)
loader = unittest.TestLoader()
if len(sys.argv) > 1 and sys.argv[1]:
    loader.testNamePatterns = ["*%s*" % sys.argv[1]]
result = unittest.TextTestRunner(verbosity=2, stream=sys.stdout).run(
    loader.discover(here, "*_test.py"))
failed = len(result.failures) + len(result.errors)
print("%d passed, %d failed" % (max(0, result.testsRun - failed), failed))
sys.exit(1 if failed or result.testsRun == 0 else 0)
