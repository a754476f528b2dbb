@echo off
rem What stands in the way of the card stays to be read.
call "%~dp0sabha-agent.cmd" room --card
if errorlevel 1 pause
