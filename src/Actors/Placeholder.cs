namespace HotStandby.Actors;
