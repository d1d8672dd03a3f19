namespace HotStandby.Messages;
