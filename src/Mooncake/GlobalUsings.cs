// Words of the protocol that the whole project shares.
global using HotStandby.Messages;
global using Uuid = HotStandby.Messages.Identity.Uuid;
global using ClientStatus = HotStandby.Messages.Model.ClientStatus;
global using ReplicaStatus = HotStandby.Messages.Model.ReplicaStatus;
global using ReplicaType = HotStandby.Messages.Model.ReplicaType;
global using SoftPinAction = HotStandby.Messages.Model.SoftPinAction;
