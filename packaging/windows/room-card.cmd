@echo off
rem Keeps the window open, so that an error can be read.
call "%~dp0sabha-agent.cmd" room --card
if errorlevel 1 pause
