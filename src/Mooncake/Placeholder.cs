namespace HotStandby.Mooncake;
