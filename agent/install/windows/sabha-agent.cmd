@echo off
"%~dp0node.exe" --lite-mode "--env-file=%~dp0agent.env" "%~dp0launch.mjs" %*
