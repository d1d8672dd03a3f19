namespace HotStandby.Core;
