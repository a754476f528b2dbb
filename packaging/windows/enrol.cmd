@echo off
rem Only administrators may open the data of the agent, so Windows asks for their consent.
net session >nul 2>&1
if errorlevel 1 (
  powershell -NoProfile -Command "Start-Process -Verb RunAs '%~f0'"
  exit /b
)
call "%~dp0sabha-agent.cmd" enrol
call "%~dp0sabha-agent.cmd" check
pause
