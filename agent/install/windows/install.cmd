@echo off
rem A window that was opened for it stays until somebody has read the verdict.
"%~dp0node.exe" "%~dp0agent.mjs" install %*
set sabha=%errorlevel%
if "%~1"=="" pause
exit /b %sabha%
