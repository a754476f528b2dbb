@echo off
setlocal
set "card=%LOCALAPPDATA%\sabha-room\card.html"
if "%~1"=="room" if "%~2"=="--card" if exist "%card%" goto card
"%~dp0node.exe" --lite-mode "--env-file=%~dp0agent.env" "%~dp0launch.mjs" %*
exit /b %errorlevel%

:card
start "" "%card%"
